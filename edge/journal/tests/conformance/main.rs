//! What every back end must do: the same cases for each, over worlds that know how to open it.
//!
//! A new back end adds a [`World`] and one line here.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod cells;
mod controls;
mod listing;
mod logs;
mod model;
mod numbers;
mod races;
mod take;
mod time;
mod watch;
mod world;

/// Each case as a test of its own.
macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        /// Runs every case over `$world`.
        macro_rules! conformance {
            ($name:ident, $make:expr) => {
                mod $name {
                    $($(
                        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                        async fn $case() {
                            crate::$module::$case($make).await;
                        }
                    )*)*
                }
            };
        }
    };
}

cases! {
    logs:
        reads_entries_in_order_and_the_counters_with_them
        a_page_has_at_most_limit_and_max_bytes_but_one_entry_in_any_case
        takes_a_payload_at_the_limit_and_refuses_one_byte_more
        appends_only_behind_the_expected_last_number_ever_assigned
        appends_once_per_dedupe_id_and_subject
        keeps_to_max_live
        removes_once
        removes_up_to_a_number
        keeps_names_apart_whatever_bytes_they_have;
    take:
        takes_the_oldest_once
        answers_a_repeated_claim_with_the_same_entry;
    time:
        hides_an_entry_at_the_instant_its_time_is_over
        hides_a_cell_at_the_instant_its_time_is_over
        remembers_ids_for_the_window_and_no_longer
        expired_entries_make_room
        sweeping_changes_nothing_that_can_be_seen;
    numbers:
        never_uses_a_number_twice_even_if_the_log_was_forgotten
        never_forgets_a_log_that_was_appended_to_conditionally
        never_uses_a_revision_twice;
    cells:
        replaces_a_cell_only_by_its_revision
        takes_a_value_at_the_limit_and_refuses_one_byte_more
        a_log_and_a_cell_of_one_name_are_apart;
    listing:
        lists_live_logs_of_one_kind_in_order
        lists_cells_of_one_kind_in_order;
    watch:
        wakes_after_the_change_can_be_read
        wakes_for_what_is_watched_and_only_for_changes
        merges_wakes_and_lets_no_subject_starve
        ends_with_the_store
        misses_nothing_under_its_contract;
    races:
        one_writer_wins_each_number
        one_copy_of_a_request_is_stored
        every_entry_is_taken_once
        one_removal_counts
        a_full_log_is_never_fuller
        no_increment_of_a_cell_is_lost
        what_is_acknowledged_is_read_at_once_through_another_handle
        counters_equal_a_recount;
    model:
        behaves_like_the_reference;
}

conformance!(memory, crate::world::InMemory::new());
conformance!(sqlite, crate::world::OnDisk::new());
