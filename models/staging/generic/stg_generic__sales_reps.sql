with

source as (

    select * from {{ newest(
        'generic', 'sales_reps',
        key=['source_system', 'sales_rep_id']
    ) }}

),

renamed as (

    select
        sales_rep_id,
        source_system,
        sales_rep,
        team,
        title,
        region,
        started_on,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
