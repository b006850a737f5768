-- One row per contact role of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__opportunity_contact_roles') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity_contact_role') }}

),

newest as (

    select * from {{ newest_record(
        'opportunity_contact_role_id',
        [
            'opportunity_id',
            'contact_id',
            'role',
            'is_primary',
            'created_at'
        ]
    ) }}

)

select * from newest
