package org.hearth.product;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The whole history of a room as a member reads it, oldest first.
///
/// @param events as `/messages` gives them
record Timeline(List<JsonNode> events) {
  static Timeline of(MatrixHttp member, String room) {
    List<JsonNode> events = new ArrayList<>();
    String from = "s0";
    while (true) {
      JsonNode page =
          member.get(Crowd.path(room) + "/messages?dir=f&limit=500&from=" + from).granted();
      page.path("chunk").forEach(events::add);
      if (page.path("chunk").isEmpty() || !page.hasNonNull("end")) {
        return new Timeline(events);
      }
      from = page.path("end").textValue();
    }
  }

  /// The same by pages from the end, by which what is missing is asked of other servers.
  static Timeline fromEnd(MatrixHttp member, String room) {
    List<JsonNode> events = new ArrayList<>();
    String from = "";
    while (true) {
      JsonNode page = member.get(Crowd.path(room) + "/messages?dir=b&limit=100" + from).granted();
      page.path("chunk").forEach(events::add);
      if (!page.hasNonNull("end")) {
        return new Timeline(events.reversed());
      }
      from = "&from=" + MatrixHttp.encoded(page.path("end").textValue());
    }
  }

  List<String> ids() {
    return events.stream().map(each -> each.path("event_id").textValue()).toList();
  }

  /// The texts of messages, as often as they were sent.
  List<String> bodies() {
    return events.stream()
        .filter(each -> each.path("content").has("body"))
        .map(each -> each.path("content").path("body").textValue())
        .toList();
  }

  /// The state that follows from the events: type and key → event.
  Map<String, String> state() {
    Map<String, String> state = new LinkedHashMap<>();
    for (JsonNode each : events) {
      if (each.has("state_key")) {
        state.put(key(each), each.path("event_id").textValue());
      }
    }
    return state;
  }

  static String key(JsonNode event) {
    return event.path("type").textValue() + "|" + event.path("state_key").textValue();
  }
}
