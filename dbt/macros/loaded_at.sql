{#- The query for when a table was last loaded, of which dbt derives its freshness.

    A table that is read incrementally gets no rows while nothing changes; `sync_audit` knows better. -#}
{% macro loaded_at(table) -%}
{%- if var('tap_intercom_sync_audit') -%}
select min(loaded_at)
from (
    select max(run_started_at) as loaded_at
    from {{ table.replace_path(identifier='sync_audit') }}
    where stream = '{{ table.identifier }}' and status = 'complete'
    {%- if var('tap_intercom_workspace_column') %}
    group by _workspace_id
    {%- endif %}
) as workspaces
{%- else -%}
select max(_sdc_batched_at) from {{ table }}
{%- endif -%}
{%- endmacro %}
