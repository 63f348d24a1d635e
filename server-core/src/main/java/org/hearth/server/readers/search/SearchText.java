package org.hearth.server.readers.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;

/// What of an event can be found.
///
/// "The supported keys to search over are: `content.body` in `m.room.message`, `content.name` in
/// `m.room.name`; in `m.room.topic`, `content.topic` as well as the `body` of the `text/plain`
/// representation in `content['m.topic']`."
///
/// **Source:** [search categories][categories].
///
/// [categories]: https://spec.matrix.org/v1.19/client-server-api/#search-categories
///
/// @param key under which it is found
/// @param texts at least one
record SearchText(SearchKey key, List<String> texts) {
  private static final String PLAIN = "text/plain";

  SearchText {
    texts = List.copyOf(texts);
  }

  /// Empty for what cannot be found: of another type, redacted, without text.
  static Optional<SearchText> of(Pdu event) {
    ObjectNode content = event.content();
    if (event.type().equals(EventTypes.MESSAGE) && !event.isState()) {
      return ofMessage(content);
    }
    if (event.isState(EventTypes.NAME, "")) {
      return of(SearchKey.NAME, texts(content, "name"));
    }
    if (event.isState(EventTypes.TOPIC, "")) {
      List<String> texts = texts(content, "topic");
      plainTopics(content).filter(each -> !texts.contains(each)).forEach(texts::add);
      return of(SearchKey.TOPIC, texts);
    }
    return Optional.empty();
  }

  /// @param content of a message, or what an edit puts in its place
  static Optional<SearchText> ofMessage(ObjectNode content) {
    return of(SearchKey.BODY, texts(content, "body"));
  }

  private static Optional<SearchText> of(SearchKey key, List<String> texts) {
    return texts.isEmpty() ? Optional.empty() : Optional.of(new SearchText(key, texts));
  }

  private static List<String> texts(ObjectNode content, String name) {
    List<String> texts = new ArrayList<>();
    JsonNode text = content.path(name);
    if (text.isTextual()) {
      texts.add(text.textValue());
    }
    return texts;
  }

  /// A representation without a media type is plain text.
  private static Stream<String> plainTopics(ObjectNode content) {
    return content
        .path("m.topic")
        .path("m.text")
        .valueStream()
        .filter(each -> each.path("mimetype").asText(PLAIN).equals(PLAIN))
        .map(each -> each.path("body"))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue);
  }
}
