-- One row per event of an e-mail that HubSpot sent and that tells what became of it, in the shared words. What
-- HubSpot dropped was never sent; what it only processed, deferred or printed changes nothing.
with

events as (

    select * from {{ ref('stg_fivetran_hubspot__email_events') }}

),

campaigns as (

    select * from {{ ref('stg_fivetran_hubspot__email_campaigns') }}

),

bounces as (

    select * from {{ ref('stg_fivetran_hubspot__email_event_bounces') }}

),

status_changes as (

    select * from {{ ref('stg_fivetran_hubspot__email_event_status_changes') }}

),

worded as (

    select
        events.event_id,
        events.campaign_id,
        -- A recipient without an address is told by the message: the event of its sending.
        coalesce(events.email_key, 'message:' || coalesce(events.sent_event_id, events.event_id)) as recipient_id,
        events.email_key,
        campaigns.campaign_name,
        case
            when events.event != 'status_change' then events.event
            when
                lower(status_changes.subscription_status) = 'unsubscribed'
                and not coalesce(status_changes.is_bounce, false)
                then 'unsubscribe'
        end as event,
        lower(bounces.category) as bounce_type,
        events.is_machine,
        events.occurred_at

    from events

    left join campaigns
        on events.campaign_id = campaigns.campaign_id

    left join bounces
        on events.event_id = bounces.event_id

    left join status_changes
        on events.event_id = status_changes.event_id

),

final as (

    select *

    from worded

    where
        campaign_id is not null
        and event in ('sent', 'delivered', 'open', 'click', 'bounce', 'unsubscribe', 'complaint')

)

select * from final
