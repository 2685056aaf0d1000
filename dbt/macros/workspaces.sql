{#- One more join condition for tables of several workspaces: ids are only unique within one. -#}
{% macro same_workspace(left, right) -%}
{%- if var('tap_intercom_workspace_column') -%}
and {{ left }}._workspace_id = {{ right }}._workspace_id
{%- endif -%}
{%- endmacro %}

{#- Stands in for Fivetran's macro of this name in a project whose `dispatch` searches here first.

    Fivetran's package joins all tables by this column too. -#}
{% macro default__apply_source_relation() -%}
{%- if var('tap_intercom_workspace_column', false) -%}
, _workspace_id as source_relation
{%- else -%}
{{ intercom.default__apply_source_relation() }}
{%- endif -%}
{%- endmacro %}

{#- Stands in for Fivetran's macro of this name in the same way.

    Fivetran's adds the column to windows only if its variable `intercom_sources` has several
    connections; our tables need none. -#}
{% macro default__partition_by_source_relation(has_other_partitions='yes', alias=none) -%}
{%- if var('tap_intercom_workspace_column', false) -%}
{{ 'partition by' if has_other_partitions == 'no' else ',' }} {{ alias ~ '.' if alias }}source_relation
{%- else -%}
{{ intercom.default__partition_by_source_relation(has_other_partitions, alias) }}
{%- endif -%}
{%- endmacro %}
