{{ config(alias='conversation_tag_history') }}

select
    *,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_conversation_tags') }}
