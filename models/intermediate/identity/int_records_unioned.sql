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
        company as company_name,
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
        cast(null as varchar),
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
        company_name,
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
        cast(null as varchar),
        false,
        hubspot_contacts.is_deleted,
        cast(null as timestamp)

    from hubspot_emails

    inner join hubspot_contacts
        on hubspot_emails.contact_id = hubspot_contacts.contact_id

    union all

    select
        generic_leads.source_system || ':' || generic_leads.lead_id,
        generic_leads.source_system,
        generic_leads.email_key,
        generic_leads.email_domain,
        generic_leads.source_system || ':' || generic_leads.account_id,
        generic_leads.source_system
        || case when same_number.lead_id is null then ':' else ':contact:' end
        || generic_leads.converted_contact_id,
        generic_leads.source_system || ':' || generic_leads.master_record_id,
        generic_leads.company,
        generic_leads.channel_source,
        generic_leads.campaign,
        coalesce(generic_leads.is_test_name, false),
        coalesce(generic_leads.is_deleted, false) or generic_leads.deleted_at is not null,
        generic_leads.created_at

    from generic_leads

    left join generic_leads as same_number
        on
            generic_leads.source_system = same_number.source_system
            and generic_leads.converted_contact_id = same_number.lead_id

    union all

    -- Leads and contacts of one system may share numbers: a number that a lead has means the lead, and
    -- the contact is told apart.
    select
        generic_contacts.source_system
        || case when same_number.lead_id is null then ':' else ':contact:' end
        || generic_contacts.contact_id,
        generic_contacts.source_system,
        generic_contacts.email_key,
        generic_contacts.email_domain,
        generic_contacts.source_system || ':' || generic_contacts.account_id,
        cast(null as varchar),
        generic_contacts.source_system
        || case when master_number.lead_id is null then ':' else ':contact:' end
        || generic_contacts.master_record_id,
        generic_contacts.company,
        generic_contacts.channel_source,
        generic_contacts.campaign,
        coalesce(generic_contacts.is_test_name, false),
        coalesce(generic_contacts.is_deleted, false) or generic_contacts.deleted_at is not null,
        generic_contacts.created_at

    from generic_contacts

    left join generic_leads as same_number
        on
            generic_contacts.source_system = same_number.source_system
            and generic_contacts.contact_id = same_number.lead_id

    left join generic_leads as master_number
        on
            generic_contacts.source_system = master_number.source_system
            and generic_contacts.master_record_id = master_number.lead_id

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
        cast(null as varchar),
        coalesce(is_test_name, false),
        deleted_at is not null,
        created_at

    from klaviyo_subscribers

)

select * from unioned
