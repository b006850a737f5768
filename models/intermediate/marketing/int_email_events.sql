-- One row per event of an e-mail message, of any system, under one shape.
with

generic_events as (

    select * from {{ ref('stg_generic__email_events') }}

),

mailchimp_events as (

    select * from {{ ref('int_mailchimp_events') }}

),

mailchimp_activity as (

    select * from {{ ref('stg_mailchimp__recipient_activity') }}

),

hubspot_events as (

    select * from {{ ref('int_hubspot_email_events') }}

),

unioned as (

    select
        source_system,
        campaign_id,
        email_key as recipient_id,
        email_key,
        campaign_name,
        event,
        bounce_type,
        is_machine,
        link,
        links_in_message,
        is_honeypot,
        occurred_at

    from generic_events

    union all

    select
        'hubspot',
        campaign_id,
        recipient_id,
        email_key,
        campaign_name,
        event,
        bounce_type,
        is_machine,
        cast(null as varchar),
        cast(null as bigint),
        cast(null as boolean),
        occurred_at

    from hubspot_events

    union all

    -- Neither says what a machine did.
    select
        'mailchimp',
        campaign_id,
        recipient_id,
        email_key,
        campaign_name,
        event,
        bounce_type,
        cast(null as boolean),
        cast(null as varchar),
        cast(null as bigint),
        cast(null as boolean),
        occurred_at

    from mailchimp_events

    union all

    select
        'mailchimp',
        campaign_file,
        email_key,
        email_key,
        campaign_file,
        event,
        bounce_type,
        cast(null as boolean),
        cast(null as varchar),
        cast(null as bigint),
        cast(null as boolean),
        occurred_at

    from mailchimp_activity

)

select * from unioned
