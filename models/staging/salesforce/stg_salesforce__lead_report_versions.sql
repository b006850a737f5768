with

source as (

    select * from {{ versions(
        'salesforce', 'lead_report',
        key='lead_id',
        columns=['status', 'created_at']
    ) }}

),

renamed as (

    select
        lead_id,
        status,
        created_at,
        exported_at

    from source

)

select * from renamed
