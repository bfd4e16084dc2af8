import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;

/** Sends requests of all kinds to the echo server whose address is given. */
public class Client {
    static final String LARGE = "x".repeat(3_000_000);
    static String base;

    static void check(HttpClient client, HttpRequest.Builder request, String want) throws Exception {
        var answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200 || !answer.body().equals(want)) {
            throw new AssertionError(answer.statusCode() + " " + answer.body().substring(0, Math.min(200, answer.body().length())));
        }
    }

    static HttpRequest.Builder post(String path, String body) {
        return HttpRequest.newBuilder(URI.create(base + path)).POST(BodyPublishers.ofString(body));
    }

    static HttpRequest.Builder chunked(String path, String body) {
        return HttpRequest.newBuilder(URI.create(base + path))
            .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body.getBytes())));
    }

    public static void main(String[] args) throws Exception {
        base = args[0];
        // Without a version the client asks for an upgrade to HTTP/2 first.
        for (var client : new HttpClient[] {
            HttpClient.newHttpClient(), HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()}) {
            for (var path : new String[] {"/run", "/stream"}) {
                for (var body : new String[] {"", "abc", LARGE}) {
                    check(client, post(path, body), "POST " + path + " " + body);
                    check(client, chunked(path, body), "POST " + path + " " + body);
                    if (!body.isEmpty()) { // Java 17 waits for 100 Continue even when the answer is there
                        check(client, post(path, body).expectContinue(true), "POST " + path + " " + body);
                    }
                }
            }
            var answers = new ArrayList<CompletableFuture<Void>>();
            for (int i = 0; i < 200; i++) {
                var path = "/" + i;
                answers.add(client.sendAsync(post(path, "b").build(), BodyHandlers.ofString()).thenAccept(answer -> {
                    if (!answer.body().equals("POST " + path + " b")) {
                        throw new AssertionError(answer.body());
                    }
                }));
            }
            CompletableFuture.allOf(answers.toArray(new CompletableFuture[0])).join();
        }
        System.out.println("good");
    }
}
