-- One row per contact of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__contact') }}

),

contact_reports as (

    select * from {{ ref('stg_salesforce__contact_report') }}

),

accounts as (

    select * from {{ ref('int_salesforce_accounts') }}

),

-- A name that two companies share says nothing.
account_names as (

    select
        lower(account_name) as account_name,
        min(account_id) as account_id

    from accounts

    where not is_deleted

    group by lower(account_name)

    having count(*) = 1

),

newest as (

    select * from {{ newest_record(
        'contact_id',
        [
            'account_id',
            'owner_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'lead_source',
            'is_test_name',
            'created_at'
        ]
    ) }}

),

reports as (

    select
        contact_reports.contact_id,
        coalesce(contact_reports.account_id, account_names.account_id) as account_id,
        contact_reports.owner_id,
        contact_reports.master_record_id,
        contact_reports.email_key,
        contact_reports.email_domain,
        contact_reports.lead_source,
        contact_reports.is_test_name,
        contact_reports.is_deleted,
        contact_reports.created_at,
        contact_reports.exported_at

    from contact_reports

    left join account_names
        on lower(contact_reports.account_name) = account_names.account_name

),

contacts as (

    select * from {{ with_reports(
        'contact_id',
        fixed=[
            'is_test_name',
            'created_at'
        ],
        changing=[
            'account_id',
            'owner_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'lead_source'
        ],
        ids=[
            'account_id',
            'owner_id'
        ]
    ) }}

)

select * from contacts
