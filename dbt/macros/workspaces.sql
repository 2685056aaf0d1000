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
