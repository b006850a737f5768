with

source as (

    select * from {{ newest(
        'salesforce', 'accounts',
        key=['account_id']
    ) }}

),

-- A file of some columns leaves the others as they were.
known as (

    select * from {{ last_known(
        'salesforce', 'accounts',
        key='account_id',
        columns=[
            'parent_account_id',
            'owner_id',
            'master_record_id',
            'account_name',
            'account_type',
            'industry',
            'country',
            'domain',
            'employees',
            'created_at'
        ]
    ) }}

),

renamed as (

    select
        source.account_id,
        coalesce(source.parent_account_id, known.parent_account_id) as parent_account_id,
        coalesce(source.owner_id, known.owner_id) as owner_id,
        coalesce(source.master_record_id, known.master_record_id) as master_record_id,
        coalesce(source.account_name, known.account_name) as account_name,
        coalesce(source.account_type, known.account_type) as account_type,
        coalesce(source.industry, known.industry) as industry,
        coalesce(source.country, known.country) as country,
        coalesce(source.domain, known.domain) as domain,
        coalesce(source.employees, known.employees) as employees,
        coalesce(source.is_deleted, false) as is_deleted,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.account_id = known.account_id

)

select * from renamed
