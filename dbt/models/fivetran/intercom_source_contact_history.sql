{{ config(alias='contact_history') }}

select
    *,
    owner_id as admin_id,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_contacts') }}
