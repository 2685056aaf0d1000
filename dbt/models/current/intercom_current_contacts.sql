with merged as (
    select
        survivor.*,
        {{ tap_intercom.field('item.value', 'source_contact_id') }} as merged_id
    from {{ source('tap_intercom', 'contacts') }} as survivor
    {{ tap_intercom.each_item('survivor.merge_history') }}
)

{{ tap_intercom.current_rows('contacts') }}
and not exists (
    select 1
    from merged
    where merged.merged_id = child.id {{ tap_intercom.same_workspace('merged', 'child') }}
)
{#- a contact that was restored has changed since #}
{{ tap_intercom.without_deleted('deleted_contacts', 'deleted.updated_at >= child.updated_at') }}
