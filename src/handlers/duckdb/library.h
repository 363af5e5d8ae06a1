// DuckDB's functions. The library is loaded when the first database is opened:
// it takes 20 ms and 11 MiB, which only those pay who run SQL.
//
// In this namespace `duckdb_close(&database)` calls the function that was
// loaded, by an object of that name. A new one is added to the list below.
#pragma once

#include <duckdb.h>

#include <array>
#include <cstddef>

#include "absl/status/status.h"

#define WINDLASS_DUCKDB_FUNCTIONS(X)         \
  X(duckdb_array_type_array_size)            \
  X(duckdb_array_type_child_type)            \
  X(duckdb_array_vector_get_child)           \
  X(duckdb_bind_add_result_column)           \
  X(duckdb_bind_get_extra_info)              \
  X(duckdb_bind_set_cardinality)             \
  X(duckdb_bind_value)                       \
  X(duckdb_close)                            \
  X(duckdb_column_count)                     \
  X(duckdb_column_logical_type)              \
  X(duckdb_column_name)                      \
  X(duckdb_connect)                          \
  X(duckdb_create_bool)                      \
  X(duckdb_create_config)                    \
  X(duckdb_create_double)                    \
  X(duckdb_create_int64)                     \
  X(duckdb_create_list_value)                \
  X(duckdb_create_logical_type)              \
  X(duckdb_create_null_value)                \
  X(duckdb_create_table_function)            \
  X(duckdb_create_varchar_length)            \
  X(duckdb_data_chunk_get_size)              \
  X(duckdb_data_chunk_get_vector)            \
  X(duckdb_data_chunk_set_size)              \
  X(duckdb_decimal_internal_type)            \
  X(duckdb_decimal_scale)                    \
  X(duckdb_decimal_width)                    \
  X(duckdb_destroy_config)                   \
  X(duckdb_destroy_data_chunk)               \
  X(duckdb_destroy_extracted)                \
  X(duckdb_destroy_logical_type)             \
  X(duckdb_destroy_pending)                  \
  X(duckdb_destroy_prepare)                  \
  X(duckdb_destroy_result)                   \
  X(duckdb_destroy_table_function)           \
  X(duckdb_destroy_value)                    \
  X(duckdb_disconnect)                       \
  X(duckdb_enum_dictionary_size)             \
  X(duckdb_enum_dictionary_value)            \
  X(duckdb_enum_internal_type)               \
  X(duckdb_execute_pending)                  \
  X(duckdb_execute_prepared)                 \
  X(duckdb_extract_statements)               \
  X(duckdb_extract_statements_error)         \
  X(duckdb_fetch_chunk)                      \
  X(duckdb_free)                             \
  X(duckdb_from_date)                        \
  X(duckdb_from_time)                        \
  X(duckdb_from_time_tz)                     \
  X(duckdb_from_timestamp)                   \
  X(duckdb_function_get_init_data)           \
  X(duckdb_function_set_error)               \
  X(duckdb_get_type_id)                      \
  X(duckdb_init_get_extra_info)              \
  X(duckdb_init_set_error)                   \
  X(duckdb_init_set_init_data)               \
  X(duckdb_interrupt)                        \
  X(duckdb_is_finite_date)                   \
  X(duckdb_is_finite_timestamp)              \
  X(duckdb_list_type_child_type)             \
  X(duckdb_list_vector_get_child)            \
  X(duckdb_logical_type_get_alias)           \
  X(duckdb_map_type_key_type)                \
  X(duckdb_map_type_value_type)              \
  X(duckdb_nparams)                          \
  X(duckdb_open_ext)                         \
  X(duckdb_parameter_name)                   \
  X(duckdb_pending_execute_task)             \
  X(duckdb_pending_prepared)                 \
  X(duckdb_prepare_error)                    \
  X(duckdb_prepare_extracted_statement)      \
  X(duckdb_prepared_statement_type)          \
  X(duckdb_query)                            \
  X(duckdb_query_progress)                   \
  X(duckdb_register_table_function)          \
  X(duckdb_result_error)                     \
  X(duckdb_result_error_type)                \
  X(duckdb_result_return_type)               \
  X(duckdb_rows_changed)                     \
  X(duckdb_set_config)                       \
  X(duckdb_string_t_data)                    \
  X(duckdb_string_t_length)                  \
  X(duckdb_struct_type_child_count)          \
  X(duckdb_struct_type_child_name)           \
  X(duckdb_struct_type_child_type)           \
  X(duckdb_struct_vector_get_child)          \
  X(duckdb_table_function_set_bind)          \
  X(duckdb_table_function_set_extra_info)    \
  X(duckdb_table_function_set_function)      \
  X(duckdb_table_function_set_init)          \
  X(duckdb_table_function_set_name)          \
  X(duckdb_validity_row_is_valid)            \
  X(duckdb_validity_set_row_invalid)         \
  X(duckdb_vector_assign_string_element_len) \
  X(duckdb_vector_ensure_validity_writable)  \
  X(duckdb_vector_get_data)                  \
  X(duckdb_vector_get_validity)              \
  X(duckdb_vector_size)

namespace windlass::duckdb {

// Before any of the functions is called. Of what WINDLASS_DUCKDB names in the
// environment; otherwise of the library that was installed with Windlass, or
// built with it; otherwise wherever the system finds libduckdb.so. What the
// first call returned all others do. Unavailable says what was tried.
absl::Status LoadLibrary();

enum class Symbol : std::size_t {
#define WINDLASS_DUCKDB_SYMBOL(name) k_##name,
  WINDLASS_DUCKDB_FUNCTIONS(WINDLASS_DUCKDB_SYMBOL)
#undef WINDLASS_DUCKDB_SYMBOL
      kCount
};

// By Symbol; written by LoadLibrary() alone.
extern std::array<void*, static_cast<std::size_t>(Symbol::kCount)>
    loaded_functions;

template <Symbol symbol, typename Signature>
class LoadedFunction;

template <Symbol symbol, typename Result, typename... Arguments>
class LoadedFunction<symbol, Result(Arguments...)> {
 public:
  Result operator()(Arguments... arguments) const {
    void* const function = loaded_functions[static_cast<std::size_t>(symbol)];
    return reinterpret_cast<Result (*)(Arguments...)>(function)(arguments...);
  }
};

// Not functions, so that the ones of duckdb.h are not looked for beside them.
#define WINDLASS_DUCKDB_FUNCTION(name) \
  inline constexpr LoadedFunction<Symbol::k_##name, decltype(::name)> name{};
WINDLASS_DUCKDB_FUNCTIONS(WINDLASS_DUCKDB_FUNCTION)
#undef WINDLASS_DUCKDB_FUNCTION

}  // namespace windlass::duckdb
