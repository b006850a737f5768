{{ config(materialized='table') }}

-- One row per campaign and recipient. A machine's open or click is no person's; a human click proves a
-- human open; what happened later than seven days after sending is left out (glossary A4).
with

events as (

    select * from {{ ref('int_email_events') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

persons_by_email as (

    select
        email_key,
        min(person_id) as person_id

    from person_records

    where email_key is not null

    group by email_key

),

sends as (

    select
        source_system,
        campaign_id,
        recipient_id,
        coalesce(min(case when event = 'sent' then occurred_at end), min(occurred_at)) as sent_at,
        max(case when event in ('sent', 'delivered', 'bounce') then 1 else 0 end) = 1 as is_send_logged

    from events

    group by source_system, campaign_id, recipient_id

),

in_window as (

    select
        events.source_system,
        events.campaign_id,
        events.recipient_id,
        events.email_key,
        events.event,
        coalesce(events.is_machine, false) as is_machine,
        events.bounce_type,
        sends.is_send_logged,
        sends.sent_at

    from events

    inner join sends
        on
            events.source_system = sends.source_system
            and events.campaign_id = sends.campaign_id
            and events.recipient_id = sends.recipient_id

    -- Automated e-mails are sent to one person at a time, and no export says when.
    where events.occurred_at <= sends.sent_at + interval '7' day or events.occurred_at is null

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
        max(case when event = 'click' and not is_machine then 1 else 0 end) = 1 as has_human_click,
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
        flagged.sent_at

    from flagged

    left join persons_by_email
        on flagged.email_key = persons_by_email.email_key

)

select * from messages
