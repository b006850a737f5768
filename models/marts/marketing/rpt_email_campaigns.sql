-- One row per campaign (glossary A4): from its messages where an export holds them, else from totals.
with

messages as (

    select * from {{ ref('fct_email_messages') }}

),

totals as (

    select * from {{ ref('fct_email_campaign_totals') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

counted as (

    select
        campaign_id,
        min(sent_at) as sent_at,
        max(case when is_send_logged then 1 else 0 end) = 1 as is_send_logged,
        count(*) as sent,
        count(case when is_delivered then 1 end) as delivered,
        count(case when is_opened then 1 end) as opens_raw,
        count(case when is_opened_human then 1 end) as opens_human,
        count(case when is_clicked_human then 1 end) as clicks_human,
        count(case when is_unsubscribed then 1 end) as unsubscribes,
        count(case when is_complaint then 1 end) as complaints

    from messages

    group by campaign_id

),

-- A log of opens and clicks alone knows nobody who did not react: a report of totals tells more.
partly_logged as (

    select counted.campaign_id

    from counted

    inner join totals
        on counted.campaign_id = totals.campaign_id

    where not counted.is_send_logged and totals.has_results

),

unioned as (

    select
        counted.campaign_id,
        'events' as source,
        case when counted.is_send_logged then counted.sent else totals.sent end as sent,
        case when counted.is_send_logged then counted.delivered end as delivered,
        counted.opens_raw,
        counted.opens_human,
        counted.clicks_human,
        cast(null as bigint) as clicks_raw,
        counted.unsubscribes,
        counted.complaints,
        counted.sent_at

    from counted

    left join totals
        on counted.campaign_id = totals.campaign_id

    left join partly_logged
        on counted.campaign_id = partly_logged.campaign_id

    where partly_logged.campaign_id is null

    union all

    -- Totals do not tell a person's open from a machine's: what is human stays unknown.
    select
        totals.campaign_id,
        'report',
        totals.sent,
        totals.delivered,
        totals.opens_raw,
        cast(null as bigint),
        cast(null as bigint),
        totals.clicks_raw,
        totals.unsubscribes,
        totals.complaints,
        totals.sent_at

    from totals

    left join counted
        on totals.campaign_id = counted.campaign_id

    left join partly_logged
        on totals.campaign_id = partly_logged.campaign_id

    where counted.campaign_id is null or partly_logged.campaign_id is not null

)

select
    unioned.campaign_id,
    campaigns.campaign_name,
    unioned.source,
    unioned.sent,
    unioned.delivered,
    unioned.opens_raw,
    unioned.opens_human,
    unioned.clicks_human,
    unioned.clicks_raw,
    unioned.unsubscribes,
    unioned.complaints,
    {{ ratio('unioned.delivered', 'unioned.sent') }} as delivery_rate,
    {{ ratio('unioned.opens_raw', 'unioned.delivered') }} as open_rate_raw,
    {{ ratio('unioned.opens_human', 'unioned.delivered') }} as open_rate_human,
    {{ ratio('unioned.opens_human', 'unioned.delivered - (unioned.opens_raw - unioned.opens_human)') }}
        as open_rate_reliable,
    {{ ratio('unioned.clicks_human', 'unioned.delivered') }} as click_rate,
    {{ ratio('unioned.clicks_human', 'unioned.opens_human') }} as click_to_open_rate,
    {{ ratio('unioned.unsubscribes', 'unioned.delivered') }} as unsubscribe_rate,
    {{ ratio('unioned.complaints', 'unioned.delivered') }} as complaint_rate,
    {{ local_date('unioned.sent_at', 'settings.reporting_timezone') }} as sent_date,
    unioned.sent_at

from unioned

cross join settings

left join campaigns
    on unioned.campaign_id = campaigns.campaign_id
