{{ config(alias='admin') }}

select
    *,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_admins') }}
