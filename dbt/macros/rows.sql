{#- Select the rows of a stream whose parent has not moved on since they were read.

    What has gone from a stream is marked in `_sdc_deleted_at`, if the tap sends ACTIVATE_VERSION. -#}
{% macro current_rows(stream, parent=none) -%}
select child.*
from {{ source('tap_intercom', stream) }} as child
{%- if parent %}
{%- set noun = stream.partition('_')[0] %}
join {{ ref('intercom_current_' ~ parent) }} as parent
    on parent.id = child.{{ noun }}_id and child.{{ noun }}_updated_at >= parent.updated_at
    {{ tap_intercom.same_workspace('parent', 'child') }}
{%- endif %}
where child._sdc_deleted_at is null
{%- endmacro %}

{#- Leave out of `current_rows` what a stream of deleted records names, if that stream is loaded. -#}
{% macro without_deleted(stream, condition='true') -%}
{%- set deleted = source('tap_intercom', stream) -%}
{%- if load_relation(deleted) -%}
and not exists (
    select 1
    from {{ deleted }} as deleted
    where deleted.id = child.id and deleted._sdc_deleted_at is null and {{ condition }}
    {{ tap_intercom.same_workspace('deleted', 'child') }}
)
{%- endif -%}
{%- endmacro %}

{#- Stands in for Fivetran's macro of this name in a project whose `dispatch` searches here first.

    Fivetran's package then reads our models by `ref`, so that dbt builds them before. -#}
{% macro default__intercom_union_connections(
    connection_dictionary, single_source_name, single_table_name, default_identifier=none
) -%}
select * from {{ ref('tap_intercom', 'intercom_source_' ~ single_table_name) }}
{%- endmacro %}
