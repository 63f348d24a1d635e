package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.http.content.ByteRange;
import org.hearth.server.http.content.StoredContent;
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
  ///
  /// @param question equal where the answer to the same device is the same; empty where nothing but
  ///   the request's target says so
  /// @param ofUser whether all devices of a user are one here
  record Written(BodyWriter writer, Optional<Object> question, boolean ofUser) implements Body {}

  /// Read somewhere while it is sent. It is closed when it was sent, or is not needed.
  ///
  /// @param lengthBytes how much of it is sent, from where it stands
  record Stored(StoredContent content, long lengthBytes) implements Body {}

  private static final String JSON = "application/json";
  private static final Whole NOTHING = new Whole(new byte[0]);
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
    return new Response(200, JSON, new Written(writer, Optional.empty(), false), Map.of());
  }

  /// `200` with JSON that may be large, where requests with different targets ask the same.
  ///
  /// @param question equal for the same answer to the same device; a value of a type that no other
  ///   route has
  public static Response written(Object question, BodyWriter writer) {
    return new Response(200, JSON, new Written(writer, Optional.of(question), false), Map.of());
  }

  /// `200` with JSON that may be large, to a request with a body, of which a user has one at a time
  /// made, whatever is asked and by which device: the others wait.
  ///
  /// @param kind equal for those that wait for each other; a value of a type that no other route
  ///   has
  public static Response writtenOneAtATime(Object kind, BodyWriter writer) {
    return new Response(200, JSON, new Written(writer, Optional.of(kind), true), Map.of());
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

  /// The answer to a request for something that is stored: `200` with all of it, `206` with the
  /// range that was asked for, `304` if the client has it, `416` if it has no such range.
  ///
  /// Of several ranges in one request none is answered, but the whole: "A server MAY ignore the
  /// Range header field."
  ///
  /// @param content closed by the edge when it was sent, and here if it is not needed
  /// @param headers those that all of these answers have
  /// @throws IOException if it cannot be read
  ///
  ///   **source**: [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110), 13 (conditional requests)
  ///   and 14 (ranges)
  public static Response stored(
      Request request, String contentType, StoredContent content, Map<String, String> headers)
      throws IOException {
    String tag = "\"" + content.entityTag() + "\"";
    long length = content.lengthBytes();
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("ETag", tag);
    all.put("Accept-Ranges", "bytes");
    if (request
        .header("If-None-Match")
        .filter(each -> StoredContent.names(each, tag))
        .isPresent()) {
      content.close();
      return new Response(304, "", NOTHING, all);
    }
    return switch (ByteRange.asked(request::header, tag, length)) {
      case ByteRange.Whole _ -> new Response(200, contentType, new Stored(content, length), all);
      case ByteRange.Part(var first, var last) -> {
        try {
          content.seek(first);
        } catch (IOException e) {
          content.close();
          throw e;
        }
        all.put("Content-Range", "bytes %d-%d/%d".formatted(first, last, length));
        yield new Response(206, contentType, new Stored(content, last - first + 1), all);
      }
      case ByteRange.Unsatisfiable _ -> {
        content.close();
        all.put("Content-Range", "bytes */" + length);
        yield new Response(416, "", NOTHING, all);
      }
    };
  }

  /// The same answer with one more header.
  public Response with(String header, String value) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(header, value);
    return new Response(status, contentType, body, all);
  }
}
