{{ config(alias='conversation_part_history') }}

select
    *,
    {{ tap_intercom.field('author', 'id') }} as author_id,
    {{ tap_intercom.field('author', 'type') }} as author_type,
    {{ tap_intercom.field('assigned_to', 'id') }} as assigned_to_id,
    {{ tap_intercom.field('assigned_to', 'type') }} as assigned_to_type,
    _sdc_batched_at as _fivetran_synced
from {{ source('tap_intercom', 'conversation_parts') }}
where _sdc_deleted_at is null
