with merged as (
    select {{ tap_intercom.field('item.value', 'source_contact_id') }} as id
    from {{ source('tap_intercom', 'contacts') }} as survivor
    {{ tap_intercom.each_item('survivor.merge_history') }}
)

{{ tap_intercom.current_rows('contacts') }}
and not exists (select 1 from merged where merged.id = child.id)
{#- a contact that was restored has changed since #}
{{ tap_intercom.without_deleted('deleted_contacts', 'deleted.updated_at >= child.updated_at') }}
