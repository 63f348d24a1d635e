package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.Response;

/// "The user completes a Google ReCaptcha 2.0 challenge", and this asks the one who set it whether
/// that is so.
///
/// **thread**: any; a call waits for the answer, no longer than outbound's limits.
///
/// **source**: [Google
/// ReCaptcha](https://spec.matrix.org/v1.19/client-server-api/#google-recaptcha), [verifying the
/// user's response](https://developers.google.com/recaptcha/docs/verify)
///
/// @param verifyUrl where responses are verified
/// @param publicKey given to clients
/// @param privateKey given to the verifier
/// @param required whether nobody registers without the test
public record Recaptcha(
    URI verifyUrl, String publicKey, String privateKey, boolean required, Outbound outbound) {
  private static final System.Logger LOG = System.getLogger(Recaptcha.class.getName());
  private static final int LONGEST_RESPONSE = 16 << 10;

  /// Whether a human gave that response.
  ///
  /// @throws MatrixException if the verifier says nothing: nobody passes then
  boolean isPassed(String response) {
    if (response.isEmpty() || response.length() > LONGEST_RESPONSE) {
      return false;
    }
    return switch (ask("secret=%s&response=%s".formatted(encoded(privateKey), encoded(response)))) {
      case Response(_, _, _, int status, _, byte[] body) when status == 200 -> isSuccess(body);
      case Response answer -> throw unavailable("it answered with status " + answer.status());
      case Failure failure -> throw unavailable(failure.toString());
    };
  }

  /// "success": true|false
  private boolean isSuccess(byte[] body) {
    ObjectNode answer;
    try {
      answer = MatrixJson.parseObject(body);
    } catch (MatrixException e) {
      throw unavailable("its answer is no JSON: " + e.safeMessage());
    }
    return answer.path("success").isBoolean() && answer.path("success").booleanValue();
  }

  private Outcome ask(String form) {
    OutboundRequest request =
        OutboundRequest.post(
            verifyUrl,
            "application/x-www-form-urlencoded",
            form.getBytes(StandardCharsets.US_ASCII));
    try {
      // The owner decides by the address in the configuration whether plain text will do.
      return outbound.send(request.withPlainAllowed());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw unavailable("the request was interrupted");
    }
  }

  private MatrixException unavailable(String why) {
    LOG.log(Level.WARNING, "nobody can register: {0} cannot be asked: {1}", verifyUrl, why);
    return new MatrixException(
        503, Errcode.UNKNOWN, "The captcha cannot be checked at the moment; try again later");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /// Where browsers get the test from, beside where it is verified.
  URI script() {
    return verifyUrl.resolve("../api.js");
  }
}
