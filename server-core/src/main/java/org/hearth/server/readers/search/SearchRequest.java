package org.hearth.server.readers.search;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.FilterFields;

/// What a client asks of the category `room_events`.
///
/// @param keys to be searched, at least one
/// @param limit how many results a page has at most
/// @param recent whether the most recent come first, else the most relevant
/// @param context of each result; empty for none
/// @param groups by which results are grouped
/// @param from where to go on; empty to begin
record SearchRequest(
    SearchTerm term,
    Set<SearchKey> keys,
    EventFilter filter,
    int limit,
    boolean recent,
    Optional<Context> context,
    boolean includeState,
    Set<SearchGroup> groups,
    Optional<SearchCursor> from) {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 100;
  private static final int USUAL_CONTEXT = 5;
  private static final int LARGEST_CONTEXT = 20;

  /// How many events around a result are wanted.
  ///
  /// @param profiles whether the senders' profiles of that time are, too
  record Context(int before, int after, boolean profiles) {}

  /// Reads a request; empty if it asks for no category that there is.
  ///
  /// @throws MatrixException with the specification's error if something of it is wrong
  static Optional<SearchRequest> parse(Request request, SearchAnalyzer analyzer) {
    Optional<SearchCursor> from = request.query("next_batch").map(SearchCursor::parse);
    return Fields.of(request.json())
        .object("search_categories")
        .optionalObject("room_events")
        .map(each -> parse(each, from, analyzer));
  }

  private static SearchRequest parse(
      Fields fields, Optional<SearchCursor> from, SearchAnalyzer analyzer) {
    EventFilter filter =
        EventFilter.parse(
            new FilterFields("search_categories.room_events", fields.json()), "filter");
    return new SearchRequest(
        SearchTerm.parse(fields.string("search_term"), analyzer),
        keys(fields.strings("keys")),
        filter,
        filter.limit(USUAL_LIMIT, LARGEST_LIMIT),
        recent(fields),
        fields.optionalObject("event_context").map(SearchRequest::context),
        fields.bool("include_state", false),
        groups(fields),
        from);
  }

  /// "The keys to search. Defaults to all."
  private static Set<SearchKey> keys(List<String> wanted) {
    Set<SearchKey> keys = EnumSet.noneOf(SearchKey.class);
    for (String each : wanted) {
      keys.add(
          SearchKey.of(each)
              .orElseThrow(() ->
                  MatrixException.invalidParam(
                      "keys may be content.body, content.name and content.topic")));
    }
    return keys.isEmpty() ? EnumSet.allOf(SearchKey.class) : keys;
  }

  /// "By default, this is `rank`."
  private static boolean recent(Fields fields) {
    return switch (fields.optionalString("order_by").orElse("rank")) {
      case "rank" -> false;
      case "recent" -> true;
      default -> throw MatrixException.invalidParam("order_by must be rank or recent");
    };
  }

  private static Context context(Fields fields) {
    return new Context(
        count(fields, "before_limit"),
        count(fields, "after_limit"),
        fields.bool("include_profile", false));
  }

  private static int count(Fields fields, String name) {
    return fields
        .optionalInteger(name, 0, Long.MAX_VALUE)
        .map(each -> (int) Math.min(each, LARGEST_CONTEXT))
        .orElse(USUAL_CONTEXT);
  }

  private static Set<SearchGroup> groups(Fields fields) {
    List<Fields> wanted =
        fields.optionalObject("groupings").map(each -> each.objects("group_by")).orElse(List.of());
    Set<SearchGroup> groups = EnumSet.noneOf(SearchGroup.class);
    for (Fields each : wanted) {
      groups.add(
          SearchGroup.of(each.string("key"))
              .orElseThrow(
                  () -> MatrixException.invalidParam("results are grouped by room_id and sender")));
    }
    return groups;
  }

  /// The keys whose events the filter admits.
  Set<SearchKey> admittedKeys() {
    Set<SearchKey> admitted = EnumSet.noneOf(SearchKey.class);
    keys.stream().filter(each -> filter.admitsType(each.type())).forEach(admitted::add);
    return admitted;
  }
}
