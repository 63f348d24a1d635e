package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HexFormat;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogStoppedException;
import org.hearth.ringlogs.ParkedException;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.store.StorageException;

/// The one map from exceptions to answers.
///
/// | exception | answer |
/// |---|---|
/// | `MatrixException` | as it says; with `retry_after_ms` also `Retry-After` |
/// | `InvalidIdentifierException` | 400 `M_INVALID_PARAM` |
/// | `LogFullException`, `LogStoppedException`, `ReplyTimeoutException` | 503, `Retry-After` |
/// | `RejectedExecutionException`: a thread that does what is asked has ended | the same |
/// | `StorageException` | 507 if the disk is full; 503 if it may work later; else 500 |
/// | anything else | 500 with a reference, and the same reference in the log |
public final class ErrorHandlers {
  private static final Logger LOG = System.getLogger(ErrorHandlers.class.getName());
  private static final String RETRY_AFTER = "Retry-After";

  private final RandomGenerator random;

  ErrorHandlers(RandomGenerator random) {
    this.random = random;
  }

  /// The answer for what went wrong in a request.
  ///
  /// @param what method and template of the request, for the log
  public Response response(Throwable failure, String what) {
    return switch (failure) {
      case MatrixException refusal -> refusal(refusal);
      case InvalidIdentifierException invalid ->
          refusal(MatrixException.invalidParam(String.valueOf(invalid.getMessage())));
      case LogFullException full -> unavailable(full, what, "The server is busy");
      case ReplyTimeoutException late -> unavailable(late, what, "The server is busy");
      case LogStoppedException stopped -> unavailable(stopped, what, "The server is stopping");
      case RejectedExecutionException ended -> unavailable(ended, what, "The server is stopping");
      case StorageException storage -> storage(storage, what);
      case ParkedException parked -> defect(parked, what);
      default -> defect(failure, what);
    };
  }

  /// The answer to a request that is refused.
  static Response refusal(MatrixException refusal) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("errcode", refusal.errcode());
    body.put("error", refusal.safeMessage());
    refusal.fields().forEach(body::set);
    Response response = Response.json(refusal.status(), body);
    JsonNode wait = refusal.fields().get("retry_after_ms");
    if (wait == null) {
      return response;
    }
    return response.with(RETRY_AFTER, Long.toString(Math.ceilDiv(wait.asLong(), 1000L)));
  }

  private static Response unavailable(Throwable failure, String what, String message) {
    return unavailable(failure, what, message, Level.WARNING);
  }

  private static Response unavailable(Throwable failure, String what, String message, Level level) {
    LOG.log(level, "{0}: {1}", what, failure.getMessage());
    return refusal(new MatrixException(503, Errcode.UNKNOWN, message)).with(RETRY_AFTER, "1");
  }

  /// That the store takes nothing is told once, by itself, and not for each request.
  private Response storage(StorageException failure, String what) {
    return switch (failure.reason()) {
      case DISK_FULL -> {
        LOG.log(Level.DEBUG, "{0}: {1}", what, failure.getMessage());
        yield refusal(
                new MatrixException(507, Errcode.UNKNOWN, "The server has no room left to store"))
            .with(RETRY_AFTER, "60");
      }
      case READ_ONLY ->
          unavailable(failure, what, "The server cannot store anything at present", Level.DEBUG);
      case FAILED, CLOSED, REFUSED ->
          unavailable(failure, what, "The server's storage has failed", Level.DEBUG);
      case BUSY, SUPERSEDED -> unavailable(failure, what, "The server is busy");
      case BAD_UNIT, BAD_QUERY -> defect(failure, what);
    };
  }

  private Response defect(Throwable failure, String what) {
    String reference = HexFormat.of().toHexDigits(random.nextInt());
    LOG.log(Level.ERROR, "%s failed, reference %s".formatted(what, reference), failure);
    return refusal(
        MatrixException.unknown("Internal server error, reference %s".formatted(reference)));
  }
}
