/** What the client has no way to do. */
class Unsupported extends RuntimeException {
	Unsupported(String what) {
		super(what);
	}
}
