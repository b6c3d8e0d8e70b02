def test_a():
    import torch, sklearn
    from threadpoolctl import threadpool_info
    print([(i['internal_api'],i['num_threads']) for i in threadpool_info()], torch.get_num_threads())
