{#- No two rows of a table have the same key: these columns, within a workspace. -#}
{% test unique_key(model, columns) %}
{%- set workspace = ['_workspace_id'] if var('tap_intercom_workspace_column') else [] -%}
{%- set key = (workspace + columns) | join(', ') -%}
select {{ key }}
from {{ model }}
group by {{ key }}
having count(*) > 1
{% endtest %}
