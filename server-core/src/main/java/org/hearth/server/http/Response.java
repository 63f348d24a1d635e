package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hearth.server.matrix.json.MatrixJson;

/// The answer to a request.
///
/// @param status the HTTP status
/// @param contentType the media type of the body
/// @param headers further headers
public record Response(int status, String contentType, Body body, Map<String, String> headers) {
  /// What is answered beside the head.
  sealed interface Body {}

  /// All of it; not to be changed any more.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Whole(byte[] bytes) implements Body {}

  /// Written while it is sent.
  record Written(BodyWriter writer) implements Body {}

  private static final String JSON = "application/json";
  private static final byte[] EMPTY_OBJECT = "{}".getBytes(StandardCharsets.US_ASCII);

  public Response {
    headers = Map.copyOf(headers);
  }

  /// `200` with that JSON.
  public static Response json(JsonNode body) {
    return json(200, body);
  }

  /// That status with that JSON.
  public static Response json(int status, JsonNode body) {
    return json(status, MatrixJson.write(body));
  }

  /// That status with JSON that is already text.
  public static Response json(int status, byte[] body) {
    return new Response(status, JSON, new Whole(body), Map.of());
  }

  /// `200` with JSON that may be large.
  public static Response written(BodyWriter writer) {
    return new Response(200, JSON, new Written(writer), Map.of());
  }

  /// `200` with `{}`, what the specification answers where there is nothing to say.
  public static Response empty() {
    return json(200, EMPTY_OBJECT);
  }

  /// `200` with an object of one text field, such as `{"event_id": "$…"}`.
  public static Response field(String name, String value) {
    return json(JsonNodeFactory.instance.objectNode().put(name, value));
  }

  /// Something else than JSON.
  public static Response bytes(int status, String contentType, byte[] body) {
    return new Response(status, contentType, new Whole(body), Map.of());
  }

  /// The same answer with one more header.
  public Response with(String header, String value) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(header, value);
    return new Response(status, contentType, body, all);
  }
}
