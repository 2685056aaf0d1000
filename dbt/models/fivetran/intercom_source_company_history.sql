{{ config(alias='company_history') }}

select
    *,
    {{ tap_intercom.field('plan', 'id') }} as plan_id,
    {{ tap_intercom.field('plan', 'name') }} as plan_name,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_companies') }}
