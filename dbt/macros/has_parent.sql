{#- Every value of a column is in a field of the parent's table, within a workspace. -#}
{% test has_parent(model, column_name, to, field) %}
select child.{{ column_name }}
from {{ model }} as child
left join {{ to }} as parent
    on parent.{{ field }} = child.{{ column_name }}
    {{ tap_intercom.same_workspace('parent', 'child') }}
where child.{{ column_name }} is not null and parent.{{ field }} is null
{% endtest %}
