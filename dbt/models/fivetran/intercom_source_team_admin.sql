{{ config(alias='team_admin') }}

select
    *,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_team_admins') }}
