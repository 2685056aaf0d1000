{{ config(alias='article_history') }}

{%- set statistics = source('tap_intercom', 'article_statistics') %}
{%- set has_statistics = load_relation(statistics) %}

select
    article.*,
    coalesce({{ tap_intercom.first_item('article.parent_ids') }}, article.parent_id) as collection_id,
{%- if has_statistics %}
    statistics.type as statistics_type,
    coalesce(statistics.conversations, statistics.conversions) as statistics_conversations,
{%- for name in ['views', 'reactions', 'happy_reaction_percentage', 'neutral_reaction_percentage', 'sad_reaction_percentage'] %}
    statistics.{{ name }} as statistics_{{ name }},
{%- endfor %}
{%- endif %}
    article._sdc_batched_at as _fivetran_synced
from {{ ref('intercom_current_articles') }} as article
{%- if has_statistics %}
left join {{ statistics }} as statistics
    on statistics.article_id = article.id and statistics._sdc_deleted_at is null
    {{ tap_intercom.same_workspace('statistics', 'article') }}
{%- endif %}
