{#- Everything that warehouses write differently.

    Objects are jsonb in Postgres, and arrays text[] or jsonb[], as meltanolabs-target-postgres
    loads them. Both are expected to be VARIANT in Snowflake, and JSON in BigQuery. -#}

{#- The text of a field in an object, null where any part of the path is missing. -#}
{% macro field(object, path) -%}
    {{ adapter.dispatch('field', 'tap_intercom')(object, path) }}
{%- endmacro %}

{% macro postgres__field(object, path) -%}
    ({{ object }} #>> '{ {{- path | replace('.', ',') -}} }')
{%- endmacro %}

{% macro snowflake__field(object, path) -%}
    cast({{ object }}:{{ path }} as varchar)
{%- endmacro %}

{% macro bigquery__field(object, path) -%}
    json_value({{ object }}, '$.{{ path }}')
{%- endmacro %}

{#- The first text in an array, null if it is empty. -#}
{% macro first_item(array) -%}
    {{ adapter.dispatch('first_item', 'tap_intercom')(array) }}
{%- endmacro %}

{% macro postgres__first_item(array) -%}
    {{ array }}[1]
{%- endmacro %}

{% macro snowflake__first_item(array) -%}
    cast({{ array }}[0] as varchar)
{%- endmacro %}

{% macro bigquery__first_item(array) -%}
    json_value({{ array }}, '$[0]')
{%- endmacro %}

{#- What to join a table with for a row with `item.value` for each object in an array. -#}
{% macro each_item(array) -%}
    {{ adapter.dispatch('each_item', 'tap_intercom')(array) }}
{%- endmacro %}

{% macro postgres__each_item(array) -%}
    cross join unnest({{ array }}) as item(value)
{%- endmacro %}

{% macro snowflake__each_item(array) -%}
    cross join lateral flatten(input => {{ array }}) as item
{%- endmacro %}

{% macro bigquery__each_item(array) -%}
    cross join (select value from unnest(json_query_array({{ array }})) as value) as item
{%- endmacro %}
