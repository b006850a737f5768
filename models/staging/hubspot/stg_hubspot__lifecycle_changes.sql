with

source as (

    select * from {{ changes(
        'hubspot', 'contacts',
        key=['contact_id'],
        column='lifecycle_stage'
    ) }}

),

renamed as (

    select
        contact_id,
        lifecycle_stage,
        previous_value as previous_lifecycle_stage,
        exported_at

    from source

)

select * from renamed
