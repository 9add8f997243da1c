package kql

import "strings"

// refused are functions of Kusto that are known and not there, each with what would be right.
var refused = func() map[string]string {
	out := map[string]string{}
	for why, names := range map[string]string{
		"it gives a decimal, and there are no decimals; compare the parts of split(x, '.')":                             "parse_version",
		"it is an estimate's inner state; dcount and percentile can be used directly":                                   "hll hll_if tdigest tdigest_if hll_merge dcount_hll percentile_tdigest percentiles_array_tdigest percentrank_tdigest rank_tdigest tdigest_merge merge_tdigest merge_tdigests",
		"geometry on maps is not there; geo_info_from_ip_address says where an address is":                              "geo_distance_2points geo_distance_point_to_line geo_distance_point_to_polygon geo_point_in_circle geo_point_in_polygon geo_polygon_to_s2cells geo_polygon_densify geo_line_densify geo_point_to_geohash geo_geohash_to_central_point geo_geohash_to_polygon geo_point_to_s2cell geo_s2cell_to_central_point geo_s2cell_to_polygon geo_point_to_h3cell geo_h3cell_to_central_point geo_h3cell_to_polygon geo_polygon_area geo_line_length geo_intersects_2polygons geo_intersects_2lines",
		"which compression levels it uses decides its result; decompress outside":                                       "zlib_compress_to_base64_string zlib_decompress_from_base64_string gzip_compress_to_base64_string gzip_decompress_from_base64_string",
		"what a dynamic column holds is seen with bag_keys, gettype and treepath":                                       "buildschema",
		"statistical tests are not there":                                                                               "welch_test beta_cdf beta_inv beta_pdf",
		"bins whose size is set outside of a query are not there; use bin(x, 1h) or bin_at(...)":                        "bin_auto",
		"time zones are named as in the IANA database, such as 'Europe/Vienna'":                                         "datetime_list_timezones",
		"how Kusto combines hashes is not documented; use hash(strcat(...))":                                            "hash_many hash_combine",
		"guids are kept as text; use base64_encode_tostring or base64_decode_toarray":                                   "base64_encode_fromguid base64_decode_toguid",
		"XML is not read; use extract(...)":                                                                             "parse_xml",
		"browsers are not recognised; use has or extract(...)":                                                          "parse_user_agent",
		"Fourier transforms and polynomials are not there; series_periods_detect finds periods, series_fit_line a line": "series_fft series_ifft series_fit_poly series_monthly_decompose_anomalies",
		"it speaks of a Kusto cluster":                                                                                  "cluster database external_table materialized_view stored_query_result current_cluster_endpoint current_database current_principal current_principal_details current_principal_is_member_of extent_id extent_tags cursor_after cursor_before_or_at cursor_current current_cursor database_cursor",
		"a query can't fail on purpose; use where":                                                                      "assert",
		"texts in the language of a country are not there; use format_datetime(...) or tostring(...)":                   "datetime_to_locale_string number_to_locale_string",
	} {
		for _, name := range strings.Fields(names) {
			out[name] = why
		}
	}
	return out
}()
