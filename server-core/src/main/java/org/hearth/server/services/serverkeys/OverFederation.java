package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;

/// Asks other servers by [FederationClient]. They are asked also while they are left alone because
/// they could not be reached: somebody waits for the keys, most often those of a server that has
/// just sent something. How often one is asked is bounded by [Asking].
///
/// **thread**: any; each request has a virtual thread, which ends with its future.
final class OverFederation implements KeySource {
  /// Once it is known where the server is.
  private static final Duration TIME = Duration.ofSeconds(10);

  private final FederationClient federation;

  OverFederation(FederationClient federation) {
    this.federation = federation;
  }

  @Override
  public CompletableFuture<byte[]> fetch(ServerName server) {
    return ask(
        FederationRequest.get(server, "/_matrix/key/v2/server").withAnswer(MOST_BYTES, TIME));
  }

  @Override
  public CompletableFuture<byte[]> query(ServerName notary, byte[] body) {
    ObjectNode content = MatrixJson.parseObject(body);
    return ask(
        FederationRequest.post(notary, "/_matrix/key/v2/query", content)
            .withAnswer(MOST_NOTARY_BYTES, TIME));
  }

  private CompletableFuture<byte[]> ask(FederationRequest request) {
    ServerName server = request.destination();
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .name("server-keys " + server)
            .start(() -> {
              try {
                answer.complete(body(federation.send(request.asUrgent()), server));
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
    var _ =
        answer.whenComplete((_, _) -> {
          if (answer.isCancelled()) {
            thread.interrupt();
          }
        });
    return answer;
  }

  private static byte[] body(FederationReply reply, ServerName server) throws IOException {
    if (reply instanceof FederationReply.Answer(_, ObjectNode body)) {
      return MatrixJson.write(body);
    }
    throw new IOException("no keys of " + server + ": " + reply.words());
  }
}
