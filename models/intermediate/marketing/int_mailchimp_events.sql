-- One row per event of a Mailchimp campaign or automated e-mail, by the tables of the connector.
-- Mailchimp names recipients by a plain hash of their address: where the audience knows them they get
-- the keyed one, else a number that means nothing outside of the campaign.
with

campaigns as (

    select * from {{ ref('stg_fivetran_mailchimp__campaigns') }}

),

automation_emails as (

    select * from {{ ref('stg_fivetran_mailchimp__automation_emails') }}

),

members as (

    select * from {{ ref('stg_fivetran_mailchimp__members') }}

),

campaign_recipients as (

    select * from {{ ref('stg_fivetran_mailchimp__campaign_recipients') }}

),

automation_recipients as (

    select * from {{ ref('stg_fivetran_mailchimp__automation_recipients') }}

),

campaign_activity as (

    select * from {{ ref('stg_fivetran_mailchimp__campaign_recipient_activity') }}

),

automation_activity as (

    select * from {{ ref('stg_fivetran_mailchimp__automation_recipient_activity') }}

),

unsubscribes as (

    select * from {{ ref('stg_fivetran_mailchimp__unsubscribes') }}

),

mailings as (

    select campaign_id, campaign_name, sent_at
    from campaigns

    union all

    -- An automated e-mail is sent to one person at a time: nothing says when.
    select campaign_id, campaign_name, cast(null as timestamp)
    from automation_emails

),

member_keys as (

    select
        member_id,
        min(email_key) as email_key

    from members

    group by member_id

),

events as (

    select
        campaign_id,
        member_id,
        'sent' as event,
        cast(null as varchar) as bounce_type,
        cast(null as timestamp) as occurred_at
    from campaign_recipients

    union all

    select campaign_id, member_id, 'sent', cast(null as varchar), cast(null as timestamp)
    from automation_recipients

    union all

    select campaign_id, member_id, event, bounce_type, occurred_at
    from campaign_activity

    union all

    select campaign_id, member_id, event, bounce_type, occurred_at
    from automation_activity

    union all

    select campaign_id, member_id, 'unsubscribe', cast(null as varchar), occurred_at
    from unsubscribes

),

pairs as (

    select distinct campaign_id, member_id
    from events

),

recipients as (

    select
        campaign_id,
        member_id,
        row_number() over (partition by campaign_id order by member_id asc) as recipient_number

    from pairs

),

final as (

    select
        events.campaign_id,
        coalesce(
            member_keys.email_key, 'recipient ' || cast(recipients.recipient_number as varchar)
        ) as recipient_id,
        member_keys.email_key,
        mailings.campaign_name,
        events.event,
        events.bounce_type,
        case when events.event = 'sent' then mailings.sent_at else events.occurred_at end as occurred_at

    from events

    inner join recipients
        on
            events.campaign_id = recipients.campaign_id
            and events.member_id = recipients.member_id

    left join member_keys
        on events.member_id = member_keys.member_id

    left join mailings
        on events.campaign_id = mailings.campaign_id

)

select * from final
