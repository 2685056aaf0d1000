{{ config(alias='help_center_history') }}

select
    *,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_help_centers') }}
