-- One row per person record of any system, under one shape. A record is not a person yet.
with

salesforce_leads as (

    select * from {{ ref('int_salesforce_leads') }}

),

salesforce_contacts as (

    select * from {{ ref('int_salesforce_contacts') }}

),

hubspot_contacts as (

    select * from {{ ref('int_hubspot_contacts') }}

),

hubspot_emails as (

    select * from {{ ref('int_hubspot_emails') }}

),

generic_leads as (

    select * from {{ ref('stg_generic__leads') }}

),

generic_contacts as (

    select * from {{ ref('stg_generic__contacts') }}

),

mailchimp_members as (

    select * from {{ ref('int_mailchimp_members') }}

),

klaviyo_subscribers as (

    select * from {{ ref('stg_klaviyo__subscribers') }}

),

unioned as (

    select
        'salesforce:' || lead_id as record_id,
        'salesforce' as source_system,
        email_key,
        email_domain,
        'salesforce:' || converted_account_id as account_id,
        'salesforce:' || converted_contact_id as converted_record_id,
        'salesforce:' || master_record_id as master_record_id,
        lead_source as channel_source,
        cast(null as varchar) as campaign_name,
        coalesce(is_test_name, false) as is_test_name,
        is_deleted,
        created_at

    from salesforce_leads

    union all

    select
        'salesforce:' || contact_id,
        'salesforce',
        email_key,
        email_domain,
        'salesforce:' || account_id,
        cast(null as varchar),
        'salesforce:' || master_record_id,
        lead_source,
        cast(null as varchar),
        coalesce(is_test_name, false),
        is_deleted,
        created_at

    from salesforce_contacts

    union all

    select
        'hubspot:' || contact_id,
        'hubspot',
        email_key,
        email_domain,
        account_id,
        'salesforce:' || coalesce(salesforce_contact_id, salesforce_lead_id),
        'hubspot:' || merged_into_contact_id,
        original_source,
        original_source_detail,
        is_test_name,
        is_deleted,
        created_at

    from hubspot_contacts

    union all

    -- A further address is a record of its own, as it may be the only one by which another system knows the
    -- person.
    select
        'hubspot:' || hubspot_emails.contact_id || ':' || hubspot_emails.email_key,
        'hubspot',
        hubspot_emails.email_key,
        cast(null as varchar),
        cast(null as varchar),
        'hubspot:' || hubspot_emails.contact_id,
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        false,
        hubspot_contacts.is_deleted,
        cast(null as timestamp)

    from hubspot_emails

    inner join hubspot_contacts
        on hubspot_emails.contact_id = hubspot_contacts.contact_id

    union all

    select
        source_system || ':' || lead_id,
        source_system,
        email_key,
        email_domain,
        source_system || ':' || account_id,
        cast(null as varchar),
        cast(null as varchar),
        channel_source,
        campaign,
        coalesce(is_test_name, false),
        deleted_at is not null,
        created_at

    from generic_leads

    union all

    -- Leads and contacts of one system may share numbers: a number that a lead has means the lead, and
    -- the contact is told apart.
    select
        case
            when generic_leads.lead_id is null
                then generic_contacts.source_system || ':' || generic_contacts.contact_id
            else generic_contacts.source_system || ':contact:' || generic_contacts.contact_id
        end,
        generic_contacts.source_system,
        generic_contacts.email_key,
        generic_contacts.email_domain,
        generic_contacts.source_system || ':' || generic_contacts.account_id,
        cast(null as varchar),
        cast(null as varchar),
        generic_contacts.channel_source,
        generic_contacts.campaign,
        coalesce(generic_contacts.is_test_name, false),
        generic_contacts.deleted_at is not null,
        generic_contacts.created_at

    from generic_contacts

    left join generic_leads
        on
            generic_contacts.source_system = generic_leads.source_system
            and generic_contacts.contact_id = generic_leads.lead_id

    union all

    -- Who signed up for mail is a person; how they came to sign up, no list tells.
    select
        'mailchimp:' || email_key,
        'mailchimp',
        email_key,
        email_domain,
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        coalesce(is_test_name, false),
        is_deleted,
        created_at

    from mailchimp_members

    union all

    select
        'klaviyo:' || profile_id,
        'klaviyo',
        email_key,
        email_domain,
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        coalesce(is_test_name, false),
        deleted_at is not null,
        created_at

    from klaviyo_subscribers

)

select * from unioned
