{#- The query for the time at which a table was last loaded, from which dbt derives its freshness.

    A table that is read incrementally gets no rows while nothing changes, but each run that read it
    completely has a row in `sync_audit`. -#}
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
