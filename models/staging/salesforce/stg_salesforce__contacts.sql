with

source as (

    select * from {{ newest(
        'salesforce', 'contacts',
        key=['contact_id']
    ) }}

),

-- A file of some columns leaves the others as they were.
known as (

    select * from {{ last_known(
        'salesforce', 'contacts',
        key='contact_id',
        columns=[
            'account_id',
            'owner_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'lead_source',
            'created_at'
        ],
        flags=['is_test_name']
    ) }}

),

renamed as (

    select
        source.contact_id,
        coalesce(source.account_id, known.account_id) as account_id,
        coalesce(source.owner_id, known.owner_id) as owner_id,
        coalesce(source.master_record_id, known.master_record_id) as master_record_id,
        coalesce(source.email_key, known.email_key) as email_key,
        coalesce(source.email_domain, known.email_domain) as email_domain,
        coalesce(source.lead_source, known.lead_source) as lead_source,
        source.is_test_name or coalesce(known.is_test_name, false) as is_test_name,
        coalesce(source.is_deleted, false) as is_deleted,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.contact_id = known.contact_id

)

select * from renamed
