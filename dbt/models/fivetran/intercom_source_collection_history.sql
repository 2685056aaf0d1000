{{ config(alias='collection_history') }}

select
    *,
    'collection' as type,
    _sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_collections') }}
