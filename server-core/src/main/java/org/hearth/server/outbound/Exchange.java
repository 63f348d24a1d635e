package org.hearth.server.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MalformedChunkCodingException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.http.protocol.HttpCoreContext;

/// One request and its response, over one connection.
///
/// Compressed content is not asked for and not accepted, so a body is never larger than what was
/// received.
///
/// **thread**: the virtual thread of the request
final class Exchange {
  private static final int INFORMATIONAL = 5;

  /// What is kept of a body that refuses what a reader waits for: it says why in a few words, and
  /// what stands before servers in a page of them.
  private static final int REFUSAL_BYTES = 64 << 10;

  private final OutboundRequest request;
  private final Limits limits;
  private final Connection connection;
  private final Progress progress;
  private final Optional<BodyReader> reader;

  /// @param reader takes in the body of a response that grants the request; empty when all of it
  ///   goes into the response
  Exchange(
      OutboundRequest request,
      Connection connection,
      Progress progress,
      Optional<BodyReader> reader) {
    this.reader = reader;
    this.request = request;
    this.limits = request.limits();
    this.connection = connection;
    this.progress = progress;
  }

  /// What came, and whether the connection can serve another request.
  record Answer(Response response, boolean reusable) {}

  /// Nothing came at all: a kept connection that the other side had just closed looks like this.
  static final class NothingCame extends Exception {
    private static final long serialVersionUID = 1;

    NothingCame(IOException cause) {
      super(cause);
    }
  }

  Answer run() throws FailureException, NothingCame {
    DefaultBHttpClientConnection http = connection.http();
    BasicClassicHttpRequest sent = written();
    try {
      ClassicHttpResponse received = head(http, sent);
      boolean bodyAllowed = MessageSupport.canResponseHaveBody(request.method(), received);
      boolean streamed = reader.isPresent() && received.getCode() / 100 == 2;
      byte[] body = new byte[0];
      boolean whole = true;
      if (bodyAllowed) {
        progress.enter(Phase.BODY);
        http.receiveResponseEntity(received);
        if (streamed) {
          whole = stream(received, reader.get());
        } else {
          body = body(received);
          if (reader.isPresent() && body.length > REFUSAL_BYTES) {
            body = Arrays.copyOf(body, REFUSAL_BYTES);
            whole = false;
          }
        }
      }
      Response response =
          new Response(
              request,
              connection.address(),
              connection.certificate(),
              received.getCode(),
              headers(received),
              body);
      return new Answer(response, whole && isReusable(sent, received));
    } catch (MessageConstraintException _) {
      throw tooLarge(Failure.Part.HEADERS, limits.headerBytes());
    } catch (MalformedChunkCodingException | HttpException e) {
      throw new FailureException(new Failure.InvalidResponse(Reasons.of(e)));
    } catch (IOException e) {
      throw new FailureException(new Failure.ConnectionLost(Reasons.of(e)));
    }
  }

  private BasicClassicHttpRequest written() {
    BasicClassicHttpRequest sent =
        new BasicClassicHttpRequest(request.method(), null, null, request.target());
    sent.setHeader("Host", request.authority());
    sent.setHeader("Accept-Encoding", "identity");
    request.headers().forEach(sent::setHeader);
    if (request.body().isPresent()) {
      byte[] body = request.body().get();
      sent.setHeader("Content-Length", Integer.toString(body.length));
      sent.setEntity(new ByteArrayEntity(body, (ContentType) null));
    } else if (request.method().equals("POST") || request.method().equals("PUT")) {
      sent.setHeader("Content-Length", "0");
    }
    return sent;
  }

  private ClassicHttpResponse head(DefaultBHttpClientConnection http, BasicClassicHttpRequest sent)
      throws IOException, HttpException, FailureException, NothingCame {
    ClassicHttpResponse received;
    try {
      progress.enter(Phase.SEND);
      http.sendRequestHeader(sent);
      http.sendRequestEntity(sent);
      http.flush();
      progress.enter(Phase.ANSWER, limits.answer());
      received = http.receiveResponseHeader();
    } catch (NoHttpResponseException | SocketException e) {
      throw new NothingCame(e);
    }
    for (int i = 0; received.getCode() < 200; i++) {
      if (received.getCode() == 101 || i >= INFORMATIONAL) {
        throw new FailureException(
            new Failure.InvalidResponse("status " + received.getCode() + " was not asked for"));
      }
      received = http.receiveResponseHeader();
    }
    if (received.getCode() > 599) {
      throw new FailureException(new Failure.InvalidResponse("status " + received.getCode()));
    }
    int bytes = 0;
    for (Header each : received.getHeaders()) {
      bytes += each.getName().length() + length(each) + 4;
    }
    if (bytes > limits.headerBytes()) {
      throw tooLarge(Failure.Part.HEADERS, limits.headerBytes());
    }
    return received;
  }

  /// @return whether it was read to its end, which who streams need not do
  private boolean stream(ClassicHttpResponse received, BodyReader taker)
      throws IOException, FailureException {
    checkBody(received);
    taker.head(headers(received));
    CappedInput content = new CappedInput(received.getEntity().getContent(), limits.bodyBytes());
    try {
      taker.read(content);
    } catch (IOException e) {
      if (!content.isOver()) {
        throw e;
      }
    }
    if (content.isOver()) {
      throw tooLarge(Failure.Part.BODY, limits.bodyBytes());
    }
    return content.isAtEnd();
  }

  private byte[] body(ClassicHttpResponse received) throws IOException, FailureException {
    checkBody(received);
    // The stream is not closed here: closing would read what is left, however long it is.
    InputStream content = received.getEntity().getContent();
    if (reader.isPresent()) {
      return content.readNBytes(REFUSAL_BYTES + 1);
    }
    byte[] body = content.readNBytes(limits.bodyBytes() + 1);
    if (body.length > limits.bodyBytes()) {
      throw tooLarge(Failure.Part.BODY, limits.bodyBytes());
    }
    return body;
  }

  private void checkBody(ClassicHttpResponse received) throws FailureException {
    Header encoding = received.getFirstHeader("Content-Encoding");
    if (encoding != null && !encoding.getValue().equalsIgnoreCase("identity")) {
      throw new FailureException(
          new Failure.InvalidResponse("content encoding " + encoding.getValue()));
    }
    if (received.getEntity().getContentLength() > limits.bodyBytes()) {
      throw tooLarge(Failure.Part.BODY, limits.bodyBytes());
    }
  }

  private boolean isReusable(BasicClassicHttpRequest sent, ClassicHttpResponse received) {
    boolean ambiguous =
        received.containsHeader("Transfer-Encoding") && received.containsHeader("Content-Length");
    return !ambiguous
        && DefaultConnectionReuseStrategy.INSTANCE.keepAlive(
            sent, received, HttpCoreContext.create());
  }

  private static Map<String, List<String>> headers(ClassicHttpResponse received) {
    Map<String, List<String>> headers = new TreeMap<>();
    for (Header each : received.getHeaders()) {
      String value = each.getValue();
      headers
          .computeIfAbsent(each.getName().toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
          .add(value == null ? "" : value);
    }
    headers.replaceAll((_, values) -> List.copyOf(values));
    return Collections.unmodifiableMap(headers);
  }

  private static int length(Header header) {
    String value = header.getValue();
    return value == null ? 0 : value.length();
  }

  private static FailureException tooLarge(Failure.Part part, long limit) {
    return new FailureException(new Failure.TooLarge(part, limit));
  }
}
