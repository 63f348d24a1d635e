package org.hearth.server.services.media;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.content.StreamedBody;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.SharedPlaces;

/// Takes in what users upload, as it comes.
///
/// **thread**: any.
///
/// **source**: [Content
/// repository](https://spec.matrix.org/v1.19/client-server-api/#content-repository)
final class Uploads {
  /// At the same time, of all users.
  static final int MOST = 64;

  static final int MOST_OF_ONE = 8;

  /// Of one address, whose owner has as many accounts as they like.
  static final int MOST_OF_ADDRESS = 32;

  private static final int LONGEST_NAME = 1_000;

  private final MediaStore store;
  private final ServerName server;
  private final SharedPlaces places = new SharedPlaces(MOST, 0);

  Uploads(MediaStore store, ServerName server) {
    this.store = store;
    this.server = server;
  }

  /// `POST /_matrix/media/v3/upload`
  Response upload(Request request) throws InterruptedException, IOException {
    LocalMedia kept = receive(request, Optional.empty());
    return Response.field("content_uri", uri(kept.mediaId()));
  }

  /// `PUT /_matrix/media/v3/upload/{serverName}/{mediaId}`
  Response uploadTo(Request request) throws InterruptedException, IOException {
    MxcUri uri = Downloads.uri(request);
    if (!uri.server().equals(server)) {
      throw MatrixException.notFound("Unknown media ID");
    }
    store.checkPending(uri.mediaId(), request.requester().user());
    LocalMedia _ = receive(request, Optional.of(uri.mediaId()));
    return Response.empty();
  }

  /// `POST /_matrix/media/v1/create`
  Response create(Request request) {
    // "Empty JSON object", or nothing at all.
    var _ = request.jsonOrEmpty();
    MediaTables.Pending pending = store.create(request.requester().user());
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("content_uri", uri(pending.mediaId()));
    json.put("unused_expires_at", pending.expires().toEpochMilli());
    return Response.json(json);
  }

  private String uri(String mediaId) {
    return MxcUri.create(server, mediaId).value();
  }

  private LocalMedia receive(Request request, Optional<String> mediaId)
      throws InterruptedException, IOException {
    UserId user = request.requester().user();
    Optional<String> name = fileName(request);
    String type = ContentDisposition.type(request.header("Content-Type"));
    StreamedBody body = request.content();
    long announced = body.announcedBytes();
    try (SharedPlaces.Place _ =
        Downloads.place(
            places, Downloads.shares(request, MOST_OF_ONE, MOST_OF_ADDRESS), Duration.ZERO)) {
      store.checkQuota(user, announced);
      try (Incoming incoming = store.receive(store.options().mostUploadBytes(), announced)) {
        body.transferTo((bytes, length) -> incoming.write(bytes, 0, length));
        if (announced > 0 && incoming.lengthBytes() != announced) {
          throw new MatrixException(
              400, Errcode.UNKNOWN, "The upload is shorter than its Content-Length");
        }
        return store.keep(
            new MediaStore.Upload(user, mediaId, type, name), incoming, request::authenticateAgain);
      }
    }
  }

  /// @throws MatrixException `M_INVALID_PARAM` if it is no name of a file
  private static Optional<String> fileName(Request request) {
    Optional<String> name = request.query("filename").filter(each -> !each.isEmpty());
    name.ifPresent(each -> {
      if (each.length() > LONGEST_NAME || each.chars().anyMatch(Character::isISOControl)) {
        throw MatrixException.invalidParam(
            "A filename has at most %,d characters, and no control characters"
                .formatted(LONGEST_NAME));
      }
    });
    return name;
  }
}
