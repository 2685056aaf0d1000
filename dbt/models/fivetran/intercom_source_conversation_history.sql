{{ config(alias='conversation_history') }}

select
    *,
    nullif(admin_assignee_id, '0') as assignee_id,
    case when admin_assignee_id != '0' then 'admin' end as assignee_type,
    cast({{ tap_intercom.field('conversation_rating', 'rating') }} as {{ dbt.type_int() }}) as conversation_rating_value,
    {{ tap_intercom.field('conversation_rating', 'remark') }} as conversation_rating_remark,
    cast({{ tap_intercom.field('first_contact_reply', 'created_at') }} as {{ dbt.type_timestamp() }}) as first_contact_reply_created_at,
    {{ tap_intercom.field('first_contact_reply', 'type') }} as first_contact_reply_type,
    {{ tap_intercom.field('sla_applied', 'sla_name') }} as sla_name,
    {{ tap_intercom.field('sla_applied', 'sla_status') }} as sla_status,
    {{ tap_intercom.field('source', 'author.id') }} as source_author_id,
    {{ tap_intercom.field('source', 'author.type') }} as source_author_type,
    {{ tap_intercom.field('source', 'type') }} as source_type,
    {{ tap_intercom.field('source', 'subject') }} as source_subject,
    {{ tap_intercom.field('source', 'body') }} as source_body,
    {{ tap_intercom.field('source', 'delivered_as') }} as source_delivered_as,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_conversations') }}
