{{ config(materialized='table') }}

-- One row per campaign and recipient. A machine's open or click is no person's, whether its system says so or
-- it follows from how fast, how many or which links were followed; a human click proves a human open; what
-- happened later than the window after sending is left out (glossary A4).
with

events as (

    select * from {{ ref('int_email_events') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons_by_email as (

    {{ persons_by_email('person_records') }}

),

sends as (

    select
        source_system,
        campaign_id,
        recipient_id,
        coalesce(min(case when event = 'sent' then occurred_at end), min(occurred_at)) as sent_at,
        coalesce(
            min(case when event = 'delivered' then occurred_at end),
            min(case when event = 'sent' then occurred_at end)
        ) as delivered_at,
        max(case when event in ('sent', 'delivered', 'bounce') then 1 else 0 end) = 1 as is_send_logged,
        max(case when event = 'click' and is_honeypot then 1 else 0 end) = 1 as has_honeypot_click,
        count(distinct case when event = 'click' then link end) as links_clicked,
        max(links_in_message) as links_in_message

    from events

    group by source_system, campaign_id, recipient_id

),

-- The rules are those of the day of sending; automated e-mails are sent to one person at a time, and no
-- export says when.
judged as (

    select
        sends.source_system,
        sends.campaign_id,
        sends.recipient_id,
        sends.is_send_logged,
        sends.sent_at,
        sends.sent_at
        + interval '1' day * cast({{ parameter('definition', 'window_days') }} as integer) as window_ends_at,
        sends.delivered_at
        + interval '1' second * cast({{ parameter('definition', 'bot_click_seconds') }} as integer)
            as humans_click_after,
        sends.has_honeypot_click
        or coalesce(
            sends.links_clicked >= sends.links_in_message
            and sends.links_in_message >= {{ parameter('definition', 'bot_min_links') }},
            false
        ) as is_scanned

    from sends

    cross join settings

    {{ definition_join(
        'definition', 'email_click_rate',
        'coalesce(' ~ local_date('sends.sent_at', 'settings.reporting_timezone') ~ ', settings.as_of)'
    ) }}

),

in_window as (

    select
        events.source_system,
        events.campaign_id,
        events.recipient_id,
        events.email_key,
        events.event,
        coalesce(events.is_machine, false)
        or (
            events.event = 'click'
            and (judged.is_scanned or coalesce(events.occurred_at <= judged.humans_click_after, false))
        ) as is_machine,
        -- Whoever follows the link to unsubscribe clicked nothing.
        events.event = 'click' and coalesce(lower(events.link) like '%unsubscribe%', false) as is_leaving,
        events.bounce_type,
        judged.is_send_logged,
        judged.sent_at,
        events.occurred_at

    from events

    inner join judged
        on
            events.source_system = judged.source_system
            and events.campaign_id = judged.campaign_id
            and events.recipient_id = judged.recipient_id

    where events.occurred_at <= judged.window_ends_at or events.occurred_at is null

),

flagged as (

    select
        source_system,
        campaign_id,
        recipient_id,
        max(email_key) as email_key,
        is_send_logged,
        sent_at,
        max(case when event = 'bounce' then 1 else 0 end) = 1
        -- A message of which only unknown things are told was not seen to arrive.
        or max(
            case
                when event in ('sent', 'delivered', 'open', 'click', 'unsubscribe', 'complaint') then 1
                else 0
            end
        ) = 0
            as is_undelivered,
        max(case when event = 'bounce' then coalesce(bounce_type, 'unknown') end) as bounce_type,
        max(case when event = 'open' and is_machine then 1 else 0 end) = 1 as has_machine_open,
        max(case when event = 'open' and not is_machine then 1 else 0 end) = 1 as has_human_open,
        max(case when event = 'click' and not is_machine and not is_leaving then 1 else 0 end) = 1
            as has_human_click,
        min(case when event = 'click' and not is_machine and not is_leaving then occurred_at end) as clicked_at,
        max(case when event = 'unsubscribe' then 1 else 0 end) = 1 as has_unsubscribed,
        max(case when event = 'complaint' then 1 else 0 end) = 1 as has_complained

    from in_window

    group by source_system, campaign_id, recipient_id, is_send_logged, sent_at

),

messages as (

    select
        flagged.source_system || ':' || flagged.campaign_id as campaign_id,
        flagged.recipient_id,
        persons_by_email.person_id,
        flagged.bounce_type,
        flagged.is_send_logged,
        not flagged.is_undelivered as is_delivered,
        not flagged.is_undelivered
        and (flagged.has_machine_open or flagged.has_human_open or flagged.has_human_click) as is_opened,
        not flagged.is_undelivered and (flagged.has_human_open or flagged.has_human_click) as is_opened_human,
        not flagged.is_undelivered and flagged.has_human_click as is_clicked_human,
        not flagged.is_undelivered and flagged.has_unsubscribed as is_unsubscribed,
        not flagged.is_undelivered and flagged.has_complained as is_complaint,
        flagged.sent_at,
        case when not flagged.is_undelivered then flagged.clicked_at end as clicked_at

    from flagged

    left join persons_by_email
        on flagged.email_key = persons_by_email.email_key

)

select * from messages
